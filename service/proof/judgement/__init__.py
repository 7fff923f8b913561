"""What follows of blind samples: how many, of what, how sure the figure is, when to ask more. All pure."""
