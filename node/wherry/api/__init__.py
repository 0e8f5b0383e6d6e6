"""A node's private API: for the commands over a UNIX socket now, for the dashboard and programs over TCP later.

`server.serve` is one end, `client.Client` the other; `routes.ROUTES` is what the two agree on. Neither is imported
here, since a command has no use for the server, nor a node for the client.
"""
