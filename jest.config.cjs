/** Tests are .cts files: n8n's strict lint config applies the shipped node's import rules to every .ts file. */
module.exports = {
	testMatch: ['<rootDir>/test/**/*.test.cts'],
	moduleFileExtensions: ['cts', 'ts', 'cjs', 'js', 'json', 'node'],
	transform: { '\\.c?ts$': '<rootDir>/jest.transform.cjs' },
	testTimeout: 30_000,
	// The engine's tests mostly wait.
	maxWorkers: 3,
};
