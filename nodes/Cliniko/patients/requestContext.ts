/** What a 403 advises. */
export const FORBIDDEN =
	'Use the key of a user whose role may add and change patients, or ask the owner of the Cliniko account to change the role.';
