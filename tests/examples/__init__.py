"""Programs that use the library; the tests run each of them, and mypy checks them strictly."""
