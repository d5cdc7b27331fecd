"""Reception's pages: the desk's, the citizen's, the screen in the waiting room."""
