/** Whether two flat rows say the same. */
export function sameFields<Row extends object>(one: Row, other: Row): boolean {
  const fields = Object.keys(one) as (keyof Row)[];
  return (
    fields.length === Object.keys(other).length &&
    fields.every((field) => one[field] === other[field] && Object.prototype.hasOwnProperty.call(other, field))
  );
}
