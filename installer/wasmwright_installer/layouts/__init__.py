"""How each kind of node keeps and takes its configuration: one module and one row each. Pure."""
