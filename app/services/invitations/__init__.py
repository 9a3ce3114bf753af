"""What leaves the house about appointments: letters, reminders, and entries in calendars."""
