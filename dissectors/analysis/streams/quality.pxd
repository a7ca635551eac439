"""Nothing is typed here: the module is compiled as it stands."""
