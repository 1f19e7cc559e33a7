"""The order of effects: observe -> decide -> plan -> validate -> guard -> commit -> activate -> record."""
