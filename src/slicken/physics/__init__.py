"""Faults we can compute: heat, wear, friction laws, a simulated rig, planted truths."""
