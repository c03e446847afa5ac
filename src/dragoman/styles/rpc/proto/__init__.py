"""What a surface exposes as protocol buffers: messages, enums and services, their numbers, and the files that tell."""
