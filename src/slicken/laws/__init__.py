"""Laws: friction laws fitted to experiments, with intervals."""
