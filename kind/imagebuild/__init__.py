"""Build the images of deploy/images: with docker for kind, else with buildah."""
