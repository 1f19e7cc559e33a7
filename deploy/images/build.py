"""Build the operator's and the installer's image: `make images`."""  # noqa: INP001 - a program

from imagebuild.cli import command

if __name__ == "__main__":
    command()
