"""The timetable: which jobs run by themselves, when they last did, and how it went."""
