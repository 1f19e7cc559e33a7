"""Who must have signed an artifact, asked before its first byte is unpacked.

A signature covers the digest that the source names, so it is checked even before the download,
which is then held to this digest.
"""
