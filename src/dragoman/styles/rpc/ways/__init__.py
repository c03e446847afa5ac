"""The ways in: plain POST, Connect, gRPC and gRPC-Web. Each reads a message, and writes an answer or a fault, in its
own form; what a call means is no business of theirs.
"""
