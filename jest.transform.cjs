const { transformSync } = require('esbuild');

/** Turns TypeScript into what jest runs, with the compiler that builds the package. */
module.exports = {
	process: (code, file) =>
		transformSync(code, {
			loader: 'ts',
			format: 'cjs',
			target: 'node20',
			sourcemap: 'inline',
			sourcefile: file,
		}),
};
