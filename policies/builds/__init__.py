"""An image build: what is submitted, how it is watched, what it published."""
