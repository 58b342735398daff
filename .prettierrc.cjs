module.exports = {
	semi: true,
	trailingComma: 'all',
	bracketSpacing: true,
	useTabs: true,
	tabWidth: 2,
	arrowParens: 'always',
	singleQuote: true,
	quoteProps: 'as-needed',
	endOfLine: 'lf',
	printWidth: 100,
	plugins: ['@ianvs/prettier-plugin-sort-imports'],
	importOrder: ['<BUILTIN_MODULES>', '<THIRD_PARTY_MODULES>', '', '^[.]'],
	importOrderTypeScriptVersion: '5.0.0',
	// As npm writes it.
	overrides: [{ files: 'package.json', options: { useTabs: false } }],
};
