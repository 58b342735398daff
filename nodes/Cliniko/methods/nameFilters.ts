/**
 * What to search for when a name is typed. Cliniko's filters have no "or", so one word is searched for in
 * each of the name fields, and two words in first and last name.
 *
 * @param fields Cliniko's names of the name fields
 * @returns the filters of each search
 */
export function nameFilters(typed: string, fields: string[]): string[][] {
	const words = typed.replace(/,/g, ' ').split(/\s+/).filter(Boolean);
	const [first, ...rest] = words;
	if (!first) return [[]];
	if (rest.length === 0) return fields.map((field) => [`${field}:~${first}`]);
	const last = rest.join(' ');
	return [
		[`first_name:~${first}`, `last_name:~${last}`],
		// "Citizen, Jane"
		[`last_name:~${first}`, `first_name:~${last}`],
	];
}
