//! A secret is sent while the bot's database fails: it is stored once or not at all, its sender is told
//! which, and its message comes once.
