"""`python -m localcluster`."""

from localcluster.cli import main

main(prog_name="localcluster")
