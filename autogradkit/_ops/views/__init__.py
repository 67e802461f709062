"""Views: ops whose result looks at their operand's memory."""
