"""HTTP as a client speaks it: connections, kept and shared, over sockets that wait in an event loop or in a thread.

All of it is written once, as coroutines. Those of the blocking client never wait for anything but within a system call,
so that :func:`~.blocking.run` drives them without an event loop.
"""
