"""How each style is spoken from the caller's side: a call becomes a request, and an answer a result or a fault. Nothing
here waits for anything.
"""
