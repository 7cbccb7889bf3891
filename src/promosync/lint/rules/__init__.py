"""The lint rules, a module for each family: every function is a rule and yields its warnings."""
