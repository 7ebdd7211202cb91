"""Study: window lengths times runs, planned, run and resumed in one folder."""
