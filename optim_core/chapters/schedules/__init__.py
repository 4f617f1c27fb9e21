"""Chapter 08: schedules."""
