/** Tests are .cts files: n8n's strict lint config applies the shipped node's import rules to every .ts file. */
module.exports = {
	testMatch: ['<rootDir>/test/**/*.test.cts'],
	moduleFileExtensions: ['cts', 'ts', 'cjs', 'js', 'json', 'node'],
	moduleNameMapper: { '^n8n-workflow$': '<rootDir>/jest.n8n-workflow.cjs' },
	transform: { '\\.c?ts$': '<rootDir>/jest.transform.cjs' },
	// Mostly far shorter; a busy machine takes its time to start an engine.
	testTimeout: 60_000,
	testSequencer: '<rootDir>/jest.sequencer.cjs',
	// The engine's tests mostly wait.
	maxWorkers: 4,
};
