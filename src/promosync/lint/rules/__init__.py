"""One file for each rule; its `check` yields what it has to tell."""
