"""The world behind the ports: git, folders, gpg, GitHub, the runner."""
