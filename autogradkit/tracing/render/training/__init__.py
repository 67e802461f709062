"""Pictures of a training run: its curves, and what the network has learnt."""
