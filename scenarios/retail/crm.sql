create table customer (id integer primary key, department text, spend real, member integer);
create table promotion (department text, factor real);
with recursive n(i) as (select 0 union all select i + 1 from n where i < 799)
insert into customer
  select i, 'department-0' || (i % 8 + 1),
         case when i % 8 < 2 then 120 when i % 8 < 4 then 60 else 25 end * (0.8 + (i / 8 % 5) * 0.1),
         i / 8 % 3 = 0
  from n;
insert into promotion values ('department-02', 1.6), ('department-05', 1.6);
