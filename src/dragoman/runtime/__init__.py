"""A call and its phases: what binds handlers, and holds alike on every style."""
