"""What listens: ASGI servers through :mod:`.asgi`, and :mod:`.serve`, which the command line runs."""
