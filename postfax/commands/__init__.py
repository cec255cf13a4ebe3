"""The subcommands of `postfax`, one module each; every module has a `command`."""
