"""What is checked and told before a stage changes anything, and what is advised where Azure refuses."""
