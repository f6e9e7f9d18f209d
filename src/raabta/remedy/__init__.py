"""From register and incident to exemption lists, alternatives and gateway configurations. Returns plans, runs none."""
