"""The recipes behind the commands: they call the other rooms in sequence, and nothing else."""
