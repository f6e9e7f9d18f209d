"""Who is a member, with which end points, on what evidence, in which application: the register's database."""
