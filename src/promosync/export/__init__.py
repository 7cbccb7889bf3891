"""From what is live to a configuration: the planner's question, asked the other way round."""
