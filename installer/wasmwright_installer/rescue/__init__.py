"""The dead man's switch as text: what the host runs when a run does not end, and what that leaves.

Pure: rendering takes values and returns the script, reading takes the script's notes.
"""
