/**
 * What the owner of the package has to fill in before the first release: `npm run release` refuses
 * while one of these texts is anywhere in the repository. Delete an entry if its text is what the
 * package really uses.
 *
 * Questions and reports of security problems go to pages of the repository on GitHub, so there is no
 * other address for support.
 */
export const PLACEHOLDERS: ReadonlyArray<{ what: string; text: string }> = [
	{
		what: 'The address of the repository',
		text: 'github.com/n8n-nodes-cliniko/n8n-nodes-cliniko',
	},
	{ what: 'The author’s e-mail address', text: 'hello@n8n-nodes-cliniko.example' },
	{ what: 'A sentence that the first release makes untrue', text: 'has not been published' },
];
