"""What training looks at: photos, paintings, textures, clips, and motion between frames."""
