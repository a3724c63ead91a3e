"""Videos and pictures as files: how they are opened, and what they say of themselves."""
