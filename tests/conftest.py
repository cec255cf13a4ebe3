"""Fixtures that several modules share; each set lives beside the tests that it serves."""

pytest_plugins = ["converter_fixtures", "scene"]
