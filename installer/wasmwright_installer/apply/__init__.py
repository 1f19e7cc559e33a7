"""The order of effects: observe, decide, prepare, guard, commit, activate, record; or undo."""
