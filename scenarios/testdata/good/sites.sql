create table sites (site text, customers int);
insert into sites values ('north', 12), ('south', 7);
